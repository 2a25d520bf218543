{{/* Short enough for the longest name made of it, that of a pod of the ingestion: 40 + "-ingest-" + 8 + "-9999" is 61 of 63. */}}
{{- define "retrieval.fullname" -}}
{{- if .Values.nameOverride -}}
{{ .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains "retrieval" .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-retrieval" (.Release.Name | trunc 30 | trimSuffix "-") }}
{{- end -}}
{{- end -}}

{{/* Labels by which pods of one component are selected. Takes a dict of root and component. */}}
{{- define "retrieval.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of an object, to which values may add and nothing else. Takes the same. */}}
{{- define "retrieval.labels" -}}
{{- $more := dict "app.kubernetes.io/version" .root.Chart.AppVersion "app.kubernetes.io/managed-by" .root.Release.Service "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version) -}}
{{- merge (include "retrieval.selector" . | fromYaml) $more (.labels | default dict) .root.Values.labels | toYaml -}}
{{- end -}}

{{- define "retrieval.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default (ternary "gpu" "cpu" (or $.Values.gpu.enabled (and $.Values.ingest.enabled $.Values.ingest.gpu))) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "retrieval.scheme" -}}
{{ ternary "https" "http" (ne .Values.tls.secret "") }}
{{- end -}}

{{/* The port that the server listens on; the image's user may not open one below 1024. */}}
{{- define "retrieval.port" -}}
{{ ternary "8443" "8080" (ne .Values.tls.secret "") }}
{{- end -}}

{{- define "retrieval.servicePort" -}}
{{ int64 .Values.service.port | default (ternary 443 80 (ne .Values.tls.secret "")) }}
{{- end -}}

{{- define "retrieval.bundleClaim" -}}
{{ .Values.bundle.claim.existing | default (printf "%s-models" (include "retrieval.fullname" .)) }}
{{- end -}}

{{- define "retrieval.corpusClaim" -}}
{{ .Values.ingest.claim.existing | default (printf "%s-corpus" (include "retrieval.fullname" .)) }}
{{- end -}}
