Sus datos de acceso al Área de Clientes
