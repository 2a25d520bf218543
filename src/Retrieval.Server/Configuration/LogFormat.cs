using System.Text.Json.Serialization;

namespace Retrieval.Server.Configuration;

/// <summary>How the log is written.</summary>
public enum LogFormat
{
    /// <summary>One line per event.</summary>
    [JsonStringEnumMemberName("text")]
    Text,

    /// <summary>One JSON object per line.</summary>
    [JsonStringEnumMemberName("json")]
    Json,
}
