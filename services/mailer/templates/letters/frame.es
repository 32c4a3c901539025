<!DOCTYPE html>
<html lang="es">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{{ subject }}</title>
<style>
body { margin: 0; padding: 0; background-color: #eef1f4; }
table { border-collapse: collapse; }
.page { width: 100%; background-color: #eef1f4; }
.edge { padding: 24px 12px; }
.card { width: 100%; max-width: 560px; background-color: #ffffff; border: 1px solid #dde3e8; }
.head { background-color: #0f4c5c; color: #ffffff; padding: 18px 28px; font-family: Arial, Helvetica, sans-serif;
  font-size: 18px; font-weight: bold; }
.body { padding: 24px 28px 8px 28px; font-family: Arial, Helvetica, sans-serif; font-size: 16px; line-height: 24px;
  color: #1f2933; }
.body p { margin: 0 0 16px 0; }
.data { width: 100%; background-color: #f4f7f9; border: 1px solid #dde3e8; margin: 0 0 20px 0; }
.label { padding: 12px 16px 0 16px; font-family: Arial, Helvetica, sans-serif; font-size: 13px; line-height: 18px;
  color: #52606d; }
.value { padding: 0 16px 12px 16px; font-family: Consolas, Menlo, "Courier New", monospace; font-size: 17px;
  line-height: 26px; color: #1f2933; word-break: break-all; }
.value a { color: #0f4c5c; }
.words { padding: 0 16px 12px 16px; font-family: Arial, Helvetica, sans-serif; font-size: 17px; line-height: 26px;
  color: #1f2933; }
.amount { padding: 0 16px 12px 16px; font-family: Arial, Helvetica, sans-serif; font-size: 24px; line-height: 32px;
  font-weight: bold; color: #1f2933; }
.button { background-color: #0f4c5c; }
.button a { display: inline-block; padding: 13px 26px; font-family: Arial, Helvetica, sans-serif; font-size: 16px;
  font-weight: bold; color: #ffffff; text-decoration: none; }
.small a { color: #0f4c5c; word-break: break-all; }
.small { font-size: 14px; line-height: 21px; color: #52606d; }
.foot { padding: 16px 28px 22px 28px; border-top: 1px solid #dde3e8; font-family: Arial, Helvetica, sans-serif;
  font-size: 12px; line-height: 18px; color: #52606d; }
@media (prefers-color-scheme: dark) {
  body, .page { background-color: #11181d !important; }
  .card { background-color: #1b252c !important; border-color: #33424c !important; }
  .body, .value, .words, .amount { color: #e6ebef !important; }
  .data { background-color: #222e36 !important; border-color: #33424c !important; }
  .label, .small, .foot { color: #b3c0ca !important; border-color: #33424c !important; }
  .value a, .small a, .plain { color: #8fd3e2 !important; }
}
</style>
</head>
<body>
<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr>
<td class="edge" align="center">
<table class="card" role="presentation" width="560" cellpadding="0" cellspacing="0">
<tr><td class="head">{{ head }}</td></tr>
<tr><td class="body">
{{ body }}
</td></tr>
<tr><td class="foot">{{ foot }}{{ stop }}</td></tr>
</table>
</td>
</tr>
</table>
</body>
</html>
