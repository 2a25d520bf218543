namespace Retrieval.Server.Logging;

/// <summary>Mark of endpoints that machines ask every second: their requests are logged at <c>Debug</c> only.</summary>
internal sealed class QuietInLog;
