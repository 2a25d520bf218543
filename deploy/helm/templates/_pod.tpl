{{/* What all pods have in common. Takes a dict of root, component and gpu. */}}
{{- define "retrieval.podMetadata" -}}
{{- $pod := .root.Values.pod -}}
{{- /* Without the chart's version, so that a new chart does not replace pods that stay the same. */ -}}
labels:
  {{- merge (include "retrieval.selector" . | fromYaml) $pod.labels .root.Values.labels | toYaml | nindent 2 }}
{{- with $pod.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "retrieval.podSettings" -}}
{{- $pod := .root.Values.pod -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1654
  runAsGroup: 1654
  fsGroup: 1654
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with $pod.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $gpu := .root.Values.gpu }}
{{- if and .gpu $gpu.runtimeClassName }}
runtimeClassName: {{ $gpu.runtimeClassName }}
{{- end }}
{{- if or .gpu $pod.tolerations }}
tolerations:
  {{- if .gpu }}
  - { key: {{ $gpu.resource }}, operator: Exists, effect: NoSchedule }
  {{- end }}
  {{- with $pod.tolerations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Resources with the GPU among the limits, of which its request follows. Takes a dict of root, gpu and resources. */}}
{{- define "retrieval.resources" -}}
{{- $resources := deepCopy .resources -}}
{{- if .gpu -}}
{{- $gpu := .root.Values.gpu -}}
{{- $_ := set $resources "limits" (merge (dict $gpu.resource 1) ($resources.limits | default dict)) -}}
{{- end -}}
{{ toYaml $resources }}
{{- end -}}

{{- define "retrieval.container" -}}
image: {{ include "retrieval.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{/* The password of one role, and no other. Takes a dict of root and role. */}}
{{- define "retrieval.passwordVolume" -}}
- name: postgres
  secret:
    secretName: {{ .root.Values.postgres.passwordSecret }}
    defaultMode: 0440
    items: [{ key: {{ .role }}_password, path: {{ .role }}_password }]
{{- end -}}

{{/* A claim that outlives the release. Takes a dict of root, component, name and claim. */}}
{{- define "retrieval.claim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "retrieval.labels" . | nindent 4 }}
  annotations: { helm.sh/resource-policy: keep }
spec:
  accessModes:
    {{- toYaml .claim.accessModes | nindent 4 }}
  {{- with .claim.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources: { requests: { storage: {{ .claim.size }} } }
{{- end -}}
