Carta automática: por favor no responda. Si usted no esperaba este mensaje, no haga nada. Nunca le pediremos su contraseña por correo ni por teléfono.
