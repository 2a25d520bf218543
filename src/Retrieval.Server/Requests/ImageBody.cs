using System.Buffers;
using Retrieval.Search.Images;
using Retrieval.Search.Queries;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Requests;

/// <summary>The body of <c>PUT /v1/images/{id}</c>: JSON, or a <c>.npy</c> file with captions in the query string.</summary>
internal static class ImageBody
{
    /// <summary>Media type of a <c>.npy</c> file.</summary>
    public const string NpyType = "application/x-npy";

    public static SubmittedImage Of(string id, ImageRequest body) => new(id, ImageFeatures.Read(body.Features))
    {
        Captions = RequestReader.Items(body.Captions, "captions", "a text"),
        Metadata = body.Metadata,
        Boxes = body.Boxes is null ? null : RequestReader.Items(body.Boxes, "boxes", "an array of four numbers"),
    };

    public static SubmittedImage Of(string id, ReadOnlySequence<byte> body, IReadOnlyList<string> captions) =>
        new(id, ImageFeatures.ReadNpy(body.ToArray(), "body")) { Captions = captions };
}
