Tercer aviso: debe pagar una factura vencida
