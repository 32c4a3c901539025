Hola, {{ name }}:

{{ client }} le invita a entrar en su Área de Clientes, con su propia
contraseña.

Le invita: {{ client }}
Puede aceptar hasta el: {{ until }}

Aceptar la invitación:

{{ link }}

Al aceptar le pediremos un código que enviamos solo a este correo, o su
contraseña si ya tiene una. Así nadie más entra, aunque alguien reenvíe esta
carta.

Si no conoce a quien le invita, no haga nada: la invitación vence sola.

Carta automática: por favor no responda.
