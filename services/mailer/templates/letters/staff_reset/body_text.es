Hola, {{ name }}:

Se pidió otra contraseña para su cuenta en la administración. Abra este enlace
y elíjala:

{{ link }}

Usuario: {{ login }}

El enlace sirve una sola vez y vence el {{ expires }}. Si no fue usted, no haga
nada: su contraseña sigue siendo la misma.

Carta automática: por favor no responda.
