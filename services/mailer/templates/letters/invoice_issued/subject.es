Nueva factura
