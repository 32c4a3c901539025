Hay una nueva liquidación
