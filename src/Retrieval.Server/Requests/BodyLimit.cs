using Microsoft.AspNetCore.Http.Metadata;

namespace Retrieval.Server.Requests;

/// <summary>Marks endpoints whose bodies may be longer than others'. Only a limited number of longer ones are received at once.</summary>
internal sealed class BodyLimit(long bytes) : IRequestSizeLimitMetadata
{
    public long? MaxRequestBodySize => bytes;
}
