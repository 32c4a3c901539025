<p>Hola, {{ name }}:</p>
<p>Ya puede entrar en su Área de Clientes con estos datos.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">🔗 Enlace de acceso</td></tr>
<tr><td class="value"><a href="{{ link }}">{{ link }}</a></td></tr>
<tr><td class="label">👤 Usuario</td></tr>
<tr><td class="value">{{ login }}</td></tr>
<tr><td class="label">🔐 Contraseña</td></tr>
<tr><td class="value">{{ password }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Entrar en el Área de Clientes</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">Si no la usa, esta contraseña vence el {{ expires }}. Cuando entre por primera vez elija una contraseña propia, que solo usted conozca.</p>
