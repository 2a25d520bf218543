using Microsoft.ML.OnnxRuntime.Tensors;
using Retrieval.Domain.Bundles;

namespace Retrieval.Inference.Sessions;

/// <summary>Maps this project's element types to the runtime's.</summary>
internal static class TensorTypes
{
    public static TensorElementType ToRuntime(this ElementType type) => type switch
    {
        ElementType.Float32 => TensorElementType.Float,
        ElementType.Float16 => TensorElementType.Float16,
        ElementType.Int64 => TensorElementType.Int64,
        ElementType.Int8 => TensorElementType.Int8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown element type"),
    };

    /// <summary>Shape of a whole field: leading dimension, then the row's.</summary>
    public static long[] ShapeOf(this FieldSpec field, long leading) => [leading, .. field.RowShape.Select(size => (long)size)];
}
