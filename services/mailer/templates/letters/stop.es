Elegir qué avisos recibo
