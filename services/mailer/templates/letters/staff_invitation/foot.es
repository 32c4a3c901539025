Carta automática: por favor no responda. Si usted no trabaja aquí o no espera este mensaje, no abra el enlace y avise a la agencia. Nunca le pediremos su contraseña.
