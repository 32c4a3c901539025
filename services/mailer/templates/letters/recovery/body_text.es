Hola, {{ name }}:

Alguien pidió cambiar la contraseña de su Área de Clientes. Si fue usted, abra
este enlace y elija otra:

{{ link }}

Usuario: {{ login }}

El enlace sirve una sola vez y vence el {{ expires }}. Si no fue usted, no haga
nada: su contraseña sigue siendo la misma.

Carta automática: por favor no responda.
