Recordatorio: una factura vence pronto
