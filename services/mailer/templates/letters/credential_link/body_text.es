Hola, {{ name }}:

Ya puede entrar en su Área de Clientes. Abra este enlace y elija su contraseña:

{{ link }}

Usuario: {{ login }}

El enlace sirve una sola vez y vence el {{ expires }}.

Carta automática: por favor no responda. Si usted no espera este mensaje, no
use el enlace y avise a quien administra su inmueble.
