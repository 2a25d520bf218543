using System.Text.Json.Serialization;

namespace Retrieval.Server.Configuration;

/// <summary>How the log is written.</summary>
public enum LogFormat
{
    /// <summary>One line an event.</summary>
    [JsonStringEnumMemberName("text")]
    Text,

    /// <summary>One JSON object a line.</summary>
    [JsonStringEnumMemberName("json")]
    Json,
}
