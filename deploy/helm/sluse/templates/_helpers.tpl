{{- define "sluse.name" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "sluse.selector" -}}
app.kubernetes.io/name: sluse
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sluse.labels" -}}
{{ include "sluse.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "sluse.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* What every container of ours may do: nothing but run, read its image, and write its volumes. */}}
{{- define "sluse.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "sluse.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "sluse.environment" -}}
{{- if eq .Values.engine "temporal" }}
- { name: SLUSE_ENGINE, value: temporal }
- { name: SLUSE_TEMPORAL_ADDRESS, value: {{ if .Values.bundled.enabled }}{{ include "sluse.name" . }}-temporal:7233{{ else }}{{ .Values.temporal.address }}{{ end }} }
- { name: SLUSE_TEMPORAL_NAMESPACE, value: {{ .Values.temporal.namespace }} }
{{- $secret := .Values.database.existingSecret | default (printf "%s-postgresql" (include "sluse.name" .)) }}
- name: SLUSE_DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: url } }
- name: SLUSE_TEMPORAL_KEY
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: temporalKey } }
- name: SLUSE_TEMPORAL_API_KEY
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: temporalApiKey, optional: true } }
{{- end }}
{{- with .Values.datasets }}
{{- if .bucket }}
- { name: SLUSE_DATASETS, value: {{ .bucket | quote }} }
{{- if .endpoint }}
- { name: AWS_ENDPOINT_URL, value: {{ .endpoint | quote }} }
{{- end }}
{{- if .region }}
- { name: AWS_REGION, value: {{ .region | quote }} }
{{- end }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: { secretKeyRef: { name: {{ .existingSecret }}, key: accessKeyId } }
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: { secretKeyRef: { name: {{ .existingSecret }}, key: secretAccessKey } }
{{- end }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end -}}

{{/* Whether all pods write one folder. */}}
{{- define "sluse.isShared" -}}
{{- if or .Values.persistence.shared (not .Values.datasets.bucket) }}yes{{ end -}}
{{- end -}}

{{- define "sluse.mounts" -}}
- { name: data, mountPath: /data }
- { name: temporary, mountPath: /tmp }
{{- if .Values.project.volume }}
- { name: project, mountPath: /project, readOnly: true }
{{- end }}
{{- if .Values.secrets.existingSecret }}
- { name: secrets, mountPath: /run/secrets, readOnly: true }
{{- end }}
{{- end -}}

{{- define "sluse.volumes" -}}
{{- if eq .Values.engine "temporal" }}
- name: data
{{- if include "sluse.isShared" . }}
  persistentVolumeClaim: { claimName: {{ include "sluse.name" . }}-data }
{{- else }}
  emptyDir: {}
{{- end }}
{{- end }}
- name: temporary
  emptyDir: {}
{{- if .Values.project.volume }}
- name: project
  {{- toYaml .Values.project.volume | nindent 2 }}
{{- end }}
{{- if .Values.secrets.existingSecret }}
- name: secrets
  secret: { secretName: {{ .Values.secrets.existingSecret }}, defaultMode: 0440 }
{{- end }}
{{- end -}}

{{- define "sluse.probes" -}}
startupProbe:
  httpGet: { path: /health, port: http }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /health, port: http }
  periodSeconds: 10
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /ready, port: http }
  periodSeconds: 5
{{- end -}}
