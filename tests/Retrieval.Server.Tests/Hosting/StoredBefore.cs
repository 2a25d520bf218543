using System.Text;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Server.Tests.Hosting;

/// <summary>Images as they were stored before there were bounds.</summary>
internal static class StoredBefore
{
    /// <summary>Adds images with the tensors of one that is there, and metadata of any length.</summary>
    public static async Task AddAsync(string index, string like, params (string Id, string Metadata)[] images)
    {
        using var from = LocalIndex.Open(index);
        Assert.True(from.TryGetImageSlot(like, out var slot));
        byte[] Repeated(ReadOnlySpan<byte> row)
        {
            var rows = new byte[row.Length * images.Length];
            for (var i = 0; i < images.Length; i++)
            {
                row.CopyTo(rows.AsSpan(i * row.Length));
            }

            return rows;
        }

        using var writer = LocalIndexWriter.OpenOrCreate(index, from.Schema);
        writer.Append(
            new ImageRows
            {
                Images = [.. images.Select(image => new ImageEntry(image.Id, new byte[32], []) { Metadata = Encoding.UTF8.GetBytes(image.Metadata) })],
                ImageFields = new FieldRows
                {
                    Embedding = Repeated(from.Images.Embedding.Row(slot)),
                    Fields = from.Images.Fields.ToDictionary(field => field.Spec.Name, field => (ReadOnlyMemory<byte>)Repeated(field.Row(slot))),
                },
            },
            mirrored: true);
        await writer.CommitAsync(cancellation: TestContext.Current.CancellationToken);
    }

    /// <summary>A JSON object of about so many bytes, found by <c>who</c> and <c>group</c>.</summary>
    public static string Metadata(string who, int bytes) => $$"""{"blob":"{{new string('x', bytes)}}","group":"big","who":"{{who}}"}""";
}
