<p>Hola, {{ name }}:</p>
<p>Se pidió otra contraseña para su cuenta en la administración. Abra el enlace y elíjala.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">👤 Usuario</td></tr>
<tr><td class="value">{{ login }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Elegir otra contraseña</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">El enlace sirve una sola vez y vence el {{ expires }}. Si no fue usted, no haga nada: su contraseña sigue siendo la misma. Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
