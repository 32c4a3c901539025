Área de Clientes
