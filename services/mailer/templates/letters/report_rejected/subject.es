No pudimos aceptar el pago que reportó
