Segundo aviso: una factura sigue vencida
