// The sources of ONNX Runtime's C# API use reflection types without naming their namespace.
global using System.Reflection;
