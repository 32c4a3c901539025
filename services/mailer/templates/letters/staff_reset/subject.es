Elija otra contraseña de la administración
