Nueva liquidación
