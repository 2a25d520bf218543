using System.Text.Json.Serialization;

namespace Retrieval.Server.Configuration;

/// <summary>How metrics are sent to a collector.</summary>
public enum OtlpProtocol
{
    /// <summary>Protobuf over HTTP, to the path <c>/v1/metrics</c> below the address.</summary>
    [JsonStringEnumMemberName("http")]
    Http,

    /// <summary>gRPC, to the address.</summary>
    [JsonStringEnumMemberName("grpc")]
    Grpc,
}
