using System.Text.Json.Serialization;

namespace Retrieval.Bench.Load;

/// <summary>What is searched for.</summary>
internal enum QueryKind
{
    /// <summary>Images, by caption.</summary>
    [JsonStringEnumMemberName("images")]
    Images,

    /// <summary>Captions, by image.</summary>
    [JsonStringEnumMemberName("captions")]
    Captions,

    /// <summary>Both, alternating.</summary>
    [JsonStringEnumMemberName("both")]
    Both,
}
