Carta automática: por favor no responda. Nunca le pediremos su contraseña.
