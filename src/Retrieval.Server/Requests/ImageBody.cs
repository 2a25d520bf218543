using System.Buffers;
using System.Runtime.InteropServices;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Search.Images;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Requests;

/// <summary>The body of <c>PUT /v1/images/{id}</c>: JSON, or a <c>.npy</c> file with captions in the query string.</summary>
internal static class ImageBody
{
    /// <summary>Media type of a <c>.npy</c> file.</summary>
    public const string NpyType = "application/x-npy";

    public static SubmittedImage Of(string id, ImageRequest body) => new(id, FeaturesOf(body.Features))
    {
        Captions = RequestReader.Items(body.Captions, "captions", "a text"),
        Metadata = body.Metadata,
        Boxes = body.Boxes is null ? null : RequestReader.Items(body.Boxes, "boxes", "an array of four numbers"),
    };

    public static SubmittedImage Of(string id, ReadOnlySequence<byte> body, IReadOnlyList<string> captions) =>
        new(id, Array(body.ToArray(), "body")) { Captions = captions };

    /// <summary>The member <c>features</c>: a <c>.npy</c> file, or float32 row by row.</summary>
    /// <exception cref="InvalidInputException">Neither.</exception>
    public static ImageFeatures FeaturesOf(byte[] bytes)
    {
        if (NpyArray.IsNpy(bytes))
        {
            return Array(bytes, "features");
        }

        return bytes.Length % sizeof(float) == 0
            ? new ImageFeatures(MemoryMarshal.Cast<byte, float>(bytes).ToArray(), null)
            : throw new InvalidInputException($"{bytes.Length} bytes are no whole number of float32, and no .npy file", field: "features");
    }

    private static ImageFeatures Array(byte[] bytes, string field)
    {
        try
        {
            var array = NpyArray.Parse(bytes, field);
            return new ImageFeatures(array.ToSingles(), array.Shape);
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidInputException(exception.Reason, field: field, innerException: exception);
        }
    }
}
