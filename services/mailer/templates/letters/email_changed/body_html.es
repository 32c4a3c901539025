<p>Hola, {{ name }}:</p>
<p>El correo de su Área de Clientes cambió. De ahora en adelante las cartas llegan a la nueva dirección.</p>
<p>Si usted no hizo este cambio, entre ya mismo, cambie su contraseña y avise a quien administra su inmueble.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Nuevo correo</td></tr>
<tr><td class="value">{{ address }}</td></tr>
<tr><td class="label">Fecha del cambio</td></tr>
<tr><td class="words">{{ moment }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Ver mi perfil</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
