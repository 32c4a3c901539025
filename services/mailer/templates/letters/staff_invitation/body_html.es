<p>Hola, {{ name }}:</p>
<p>Usted tiene una cuenta en la administración. Abra el enlace y elija su contraseña.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">👤 Usuario</td></tr>
<tr><td class="value">{{ login }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Elegir mi contraseña</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">El enlace sirve una sola vez y vence el {{ expires }}. Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
