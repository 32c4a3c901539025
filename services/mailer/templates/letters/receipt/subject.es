Recibimos su pago
