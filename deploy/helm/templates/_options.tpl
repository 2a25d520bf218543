{{/* One value as the server reads it: a whole number of a values file is a float64, which would be printed as 1.6777216e+07. */}}
{{- define "retrieval.scalar" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end -}}

{{/* A tree of options as arguments, --Section:Key=value. On the command line since the image sets some in its environment, which
     precedes a file. Takes a dict of prefix and value. */}}
{{- define "retrieval.options" -}}
{{- $prefix := .prefix -}}
{{- if kindIs "map" .value -}}
{{- range $key, $value := .value -}}
{{ include "retrieval.options" (dict "prefix" (ternary $key (printf "%s:%s" $prefix $key) (eq $prefix "")) "value" $value) }}
{{- end -}}
{{- else if kindIs "slice" .value -}}
{{- range $index, $value := .value -}}
{{ include "retrieval.options" (dict "prefix" (printf "%s:%d" $prefix $index) "value" $value) }}
{{- end -}}
{{- else if not (kindIs "invalid" .value) }}
- {{ printf "--%s=%s" $prefix (include "retrieval.scalar" .value) | quote }}
{{- end -}}
{{- end -}}

{{/* The arguments that connect as one of the three roles. Takes a dict of root and role. */}}
{{- define "retrieval.postgres" -}}
{{- $postgres := .root.Values.postgres -}}
- --postgres
- {{ printf "Host=%s;Port=%d;Database=%s;Username=%s%s" $postgres.host (int64 $postgres.port) $postgres.database (get $postgres.roles .role) (ternary "" (printf ";%s" $postgres.options) (eq $postgres.options "")) | quote }}
- --postgres-password-file
- /run/secrets/postgres/{{ .role }}_password
{{- end -}}

{{/* What no schema can say, since it takes two values to be wrong. */}}
{{- define "retrieval.check" -}}
{{- with .Values -}}
{{- if and (eq (toString .rollout.maxSurge | trimSuffix "%") "0") (eq (toString .rollout.maxUnavailable | trimSuffix "%") "0") -}}
{{- fail "rollout.maxSurge and rollout.maxUnavailable are both 0: no pod could ever be replaced" -}}
{{- end -}}
{{- if gt (int .autoscaling.minReplicas) (int .autoscaling.maxReplicas) -}}
{{- fail "autoscaling.minReplicas is above autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and (eq .autoscaling.kind "keda") (not .autoscaling.keda.prometheusAddress) -}}
{{- fail "autoscaling.kind is keda: set autoscaling.keda.prometheusAddress, the address of Prometheus, such as http://prometheus.monitoring:9090" -}}
{{- end -}}
{{- if and .ingress.enabled (not .ingress.host) -}}
{{- fail "ingress.enabled is true: set ingress.host, the name that callers use" -}}
{{- end -}}
{{- if gt (int .ingest.parallelism) (int .ingest.parts) -}}
{{- fail "ingest.parallelism is above ingest.parts" -}}
{{- end -}}
{{- end -}}
{{- end -}}
