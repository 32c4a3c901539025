Active su acceso al Área de Clientes
