<p>Hola, {{ name }}:</p>
<p>{{ client }} le invita a entrar en su Área de Clientes, con su propia contraseña.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Le invita</td></tr>
<tr><td class="words">{{ client }}</td></tr>
<tr><td class="label">Puede aceptar hasta el</td></tr>
<tr><td class="words">{{ until }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Aceptar la invitación</a></td></tr>
</table>
<p>&nbsp;</p>
<p>Al aceptar le pediremos un código que enviamos solo a este correo, o su contraseña si ya tiene una. Así nadie más entra, aunque alguien reenvíe esta carta.</p>
<p class="small">Si no conoce a quien le invita, no haga nada: la invitación vence sola. Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
