Su acceso a la administración
