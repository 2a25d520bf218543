using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;

namespace Retrieval.Inference.Tests;

[Trait("Promise", "10")]
public sealed class ExternalDataTests
{
    /// <summary>A tensor whose data would be read from any file of the machine.</summary>
    private static byte[] Outside(ulong location = 1) =>
    [
        .. Protobuf.Number(1, 4),
        .. Protobuf.Number(2, 1),
        .. Protobuf.Text(8, "w"),
        .. Protobuf.Bytes(13, Protobuf.Text(1, "location"), Protobuf.Text(2, "../../etc/hostname")),
        .. Protobuf.Number(14, location),
    ];

    public static TheoryData<string> Places =>
    [
        "initializer", "sparse values", "sparse indices", "constant", "attribute tensors", "attribute sparse", "attribute sparse list",
        "subgraph", "subgraphs", "subgraph of a subgraph", "function", "default of a function", "training initialization", "training algorithm",
    ];

    [Theory]
    [MemberData(nameof(Places))]
    public void A_tensor_in_another_file_is_refused_wherever_it_stands(string place)
    {
        foreach (var location in new ulong[] { 1, 2, (1UL << 32) + 1, ulong.MaxValue })
        {
            var error = Assert.Throws<InvalidBundleException>(() => ExternalData.Refuse(Model(place, Outside(location)), "bundle", "some.onnx"));
            Assert.Contains("some.onnx refers to external data", error.Reason, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void A_tensor_that_holds_its_data_is_accepted_wherever_it_stands(string place) =>
        ExternalData.Refuse(Model(place, [.. Protobuf.Number(1, 1), .. Protobuf.Number(2, 1), .. Protobuf.Bytes(9, [0, 0, 0, 0]), .. Protobuf.Number(14, 0)]), "bundle", "some.onnx");

    [Theory]
    [InlineData("image_encoder.onnx")]
    [InlineData("scorer_text_to_image.onnx")]
    public void A_bundle_whose_graph_reads_another_file_is_refused(string file)
    {
        using var bundle = new BundleCopy();

        // A second graph field is merged into the first by every reader of the format.
        bundle.EditWithHash(file, bytes => [.. bytes, .. Protobuf.Bytes(7, Protobuf.Bytes(5, Outside()))]);

        bundle.Refused(file, "external data");
    }

    [Fact]
    public void What_is_no_protocol_buffer_is_refused_or_walked_through_and_never_anything_else()
    {
        var random = new Random(5);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(0, 40)];
            random.NextBytes(bytes);
            try
            {
                ExternalData.Refuse(Protobuf.Bytes(7, bytes), "bundle", "some.onnx");
            }
            catch (InvalidBundleException error)
            {
                Assert.Contains("some.onnx", error.Reason, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Graphs_nested_without_end_are_refused_and_do_not_overflow_the_stack()
    {
        var graph = Protobuf.Bytes(1, []);
        for (var depth = 0; depth < 2000; depth++)
        {
            graph = Protobuf.Bytes(1, Protobuf.Bytes(5, Protobuf.Bytes(6, graph)));
        }

        Assert.Contains("nested", Assert.Throws<InvalidBundleException>(() => ExternalData.Refuse(Protobuf.Bytes(7, graph), "bundle", "some.onnx")).Reason, StringComparison.Ordinal);
    }

    private static byte[] Model(string place, byte[] tensor)
    {
        static byte[] Graph(params byte[][] content) => Protobuf.Bytes(7, content);
        static byte[] Attribute(params byte[][] content) => Protobuf.Bytes(1, Protobuf.Bytes(5, content));
        byte[] head = [.. Protobuf.Number(1, 8), .. Protobuf.Text(2, "by hand")];
        return [.. head, .. place switch
        {
            "initializer" => Graph(Protobuf.Bytes(5, tensor)),
            "sparse values" => Graph(Protobuf.Bytes(15, Protobuf.Bytes(1, tensor))),
            "sparse indices" => Graph(Protobuf.Bytes(15, Protobuf.Bytes(2, tensor))),
            "constant" => Graph(Attribute(Protobuf.Bytes(5, tensor))),
            "attribute tensors" => Graph(Attribute(Protobuf.Bytes(10, tensor))),
            "attribute sparse" => Graph(Attribute(Protobuf.Bytes(22, Protobuf.Bytes(1, tensor)))),
            "attribute sparse list" => Graph(Attribute(Protobuf.Bytes(23, Protobuf.Bytes(2, tensor)))),
            "subgraph" => Graph(Attribute(Protobuf.Bytes(6, Protobuf.Bytes(5, tensor)))),
            "subgraphs" => Graph(Attribute(Protobuf.Bytes(11, Protobuf.Bytes(5, tensor)))),
            "subgraph of a subgraph" => Graph(Attribute(Protobuf.Bytes(6, Attribute(Protobuf.Bytes(6, Protobuf.Bytes(5, tensor)))))),
            "function" => Protobuf.Bytes(25, Protobuf.Bytes(7, Protobuf.Bytes(5, Protobuf.Bytes(5, tensor)))),
            "default of a function" => Protobuf.Bytes(25, Protobuf.Bytes(11, Protobuf.Bytes(5, tensor))),
            "training initialization" => Protobuf.Bytes(20, Protobuf.Bytes(1, Protobuf.Bytes(5, tensor))),
            "training algorithm" => Protobuf.Bytes(20, Protobuf.Bytes(2, Protobuf.Bytes(5, tensor))),
            _ => throw new ArgumentOutOfRangeException(nameof(place)),
        }];
    }
}
