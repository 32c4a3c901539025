Una factura está vencida
