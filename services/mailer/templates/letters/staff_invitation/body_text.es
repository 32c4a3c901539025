Hola, {{ name }}:

Usted tiene una cuenta en la administración. Abra este enlace y elija su
contraseña:

{{ link }}

Usuario: {{ login }}

El enlace sirve una sola vez y vence el {{ expires }}.

Carta automática: por favor no responda. Si usted no trabaja aquí o no espera
este mensaje, no abra el enlace y avise a la agencia.
