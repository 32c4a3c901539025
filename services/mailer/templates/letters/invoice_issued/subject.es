Hay una nueva factura
