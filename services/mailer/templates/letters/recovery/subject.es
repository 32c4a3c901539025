Cambie su contraseña del Área de Clientes
