using Microsoft.AspNetCore.Http.Metadata;

namespace Retrieval.Server.Requests;

/// <summary>Marks endpoints whose bodies may be longer than others'. Only a limited number of them are received at once.</summary>
internal sealed class BodyLimit(long bytes) : IRequestSizeLimitMetadata
{
    /// <summary>Bodies received at once.</summary>
    public const int MostAtOnce = 16;

    public long? MaxRequestBodySize => bytes;
}
