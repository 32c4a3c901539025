Su correo electrónico cambió
