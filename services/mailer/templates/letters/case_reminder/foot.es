Carta automática: por favor no responda. La recibe la agencia porque tiene esta dirección en sus datos.
