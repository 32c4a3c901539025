Recordatorio: una factura vence hoy
