Hola, {{ name }}:

Escriba este código en la página en la que está aceptando la invitación de
{{ client }}.

Código: {{ code }}
Sirve hasta el: {{ until }}

No le dé este código a nadie, tampoco a quien le invitó. Si no está aceptando
una invitación, no haga nada.

Carta automática: por favor no responda.
