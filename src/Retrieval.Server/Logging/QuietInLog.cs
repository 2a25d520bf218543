namespace Retrieval.Server.Logging;

/// <summary>Marks endpoints that machines query every second: their requests are logged only at <c>Debug</c>.</summary>
internal sealed class QuietInLog;
