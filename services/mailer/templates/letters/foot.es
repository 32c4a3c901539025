Carta automática: por favor no responda. Si usted no espera este mensaje, no use sus datos y avise a quien administra su inmueble. Nunca le pediremos su contraseña.
