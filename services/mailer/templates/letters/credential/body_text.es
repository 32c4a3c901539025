Hola, {{ name }}:

Ya puede entrar en su Área de Clientes con estos datos.

Enlace de acceso: {{ link }}
Usuario: {{ login }}
Contraseña: {{ password }}

Si no la usa, esta contraseña vence el {{ expires }}. Cuando entre por primera
vez elija una contraseña propia, que solo usted conozca.

Carta automática: por favor no responda. Si usted no espera este mensaje, no
use sus datos y avise a quien administra su inmueble. Nunca le pediremos su
contraseña.
